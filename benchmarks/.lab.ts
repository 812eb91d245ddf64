import { Graph } from '../src/main/engine/graph/graph.ts';
import { floatTensor } from '../src/shared/tensor.ts';
import { appendBackward } from '../src/main/engine/autodiff/reverse.ts';
import { writeOnnx } from '../src/main/formats/onnx-codec.ts';
import * as ort from 'onnxruntime-node';
const S = Number(process.argv[2] ?? 256), pool = process.argv[3] ?? 'average', N = Number(process.argv[4] ?? 8);
const profile = process.argv[5];
const cfg = [[64,2],[128,2],[256,4],[512,4],[512,1]] as const;
function forward(g: Graph, x: string) { const taps: string[] = []; let c = 3, seed = 1; let content='';
  const rnd = () => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648 - 0.5; };
  x = g.op('Mul',[x,g.constant(floatTensor([1,3,1,1],[4,4,4]))]); x = g.op('Add',[x,g.constant(floatTensor([1,3,1,1],[-2,-2,-2]))]);
  cfg.forEach(([w,n],b) => { for (let k=0;k<n;k++){ const W=new Float32Array(w*c*9); const s=Math.sqrt(2/(c*9))*3.46; for(let i=0;i<W.length;i++) W[i]=rnd()*s;
    x = g.op('Conv',[x,g.constant(floatTensor([w,c,3,3],W),`w${b}${k}`),g.constant(floatTensor([w],new Float32Array(w).fill(0.01)))],{kernel_shape:[3,3],pads:[1,1,1,1]},`conv${b}_${k}`); x=g.op('Relu',[x],{},`relu${b}_${k}`); c=w; if(k===0)taps.push(x); if(b===3&&k===1)content=x; }
    if(b<4) x=g.op(pool==='max'?'MaxPool':'AveragePool',[x],{kernel_shape:[2,2],strides:[2,2]}); });
  return {taps,content}; }
const fwd = new Graph(); { const {taps}=forward(fwd, fwd.input('image','float32',[1,3,S,S])); fwd.ops('ReduceSum',[taps[4]!],{keepdims:0},['out']); fwd.output('out'); }
const bwd = new Graph(); { const img=bwd.input('image','float32',[1,3,S,S]); const {taps,content}=forward(bwd,img); const seeds=new Map<string,string>(); const raws:string[]=[];
 for(const t of taps){ const d=bwd.dims(t); const HW=d[2]!*d[3]!; const m=bwd.op('Reshape',[t,bwd.ints([d[1]!,HW])]); const G=bwd.op('Mul',[bwd.op('MatMul',[m,bwd.op('Transpose',[m],{perm:[1,0]})]),bwd.scalar(1/HW)]); const D=bwd.op('Sub',[G,bwd.input('gram'+t,'float32',[d[1]!,d[1]!])]); raws.push(bwd.op('ReduceSum',[bwd.op('Mul',[D,D])],{keepdims:0}));
  const c=bwd.op('Reshape',[bwd.op('MatMul',[bwd.op('Mul',[D,bwd.scalar(4/HW)]),m]),bwd.ints(d)]); const ones=bwd.constant(floatTensor([d[1]!,1,1,1],new Float32Array(d[1]!).fill(1))); seeds.set(t,bwd.op('Conv',[c,ones],{kernel_shape:[1,1],group:d[1]!})); }
 const P=bwd.input('content','float32',bwd.dims(content)); const dd=bwd.op('Sub',[content,P]); raws.push(bwd.op('ReduceSum',[bwd.op('Mul',[dd,dd])],{keepdims:0})); seeds.set(content,bwd.op('Mul',[dd,bwd.scalar(2)]));
 const grad=appendBackward(bwd,seeds,'image',{blockedLayout:true}); bwd.ops('Identity',[grad],{},['gradient']); bwd.output('gradient'); const r=raws.reduce((a,b)=>bwd.op('Add',[a,b])); bwd.ops('Identity',[r],{},['raw']); bwd.output('raw'); }
async function make(g: Graph, name:string){ const {bytes,external}=writeOnnx(g.toModel(),{externalFrom:4096}); return ort.InferenceSession.create(bytes,{executionProviders:['cpu'],graphOptimizationLevel:'all',externalData:external,intraOpNumThreads:2,enableMemPattern:process.env.MP==='1',enableCpuMemArena:process.env.ARENA!=='0',extra:{session:{set_denormal_as_zero:'1',...(process.env.NOSPIN?{intra_op:{allow_spinning:'0'}}:{})}}, ...(profile?{enableProfiling:true,profileFilePrefix:'/tmp/lab/prof_'+name}:{}), ...(process.env.DUMP?{optimizedModelFilePath:'/tmp/lab/'+name+'.opt.onnx'}:{})} as never); }
const feeds = (g: Graph)=>Object.fromEntries([...g.inputs].map(([k,v])=>[k,new ort.Tensor('float32',new Float32Array(v.dims.reduce((a,b)=>a*b,1)).map((_, i)=>((i*7919)%1000)/1000),v.dims as number[])]));
const sf=await make(fwd,'fwd'), sb=await make(bwd,'bwd'); const ff=feeds(fwd), fb=feeds(bwd); let mf=1e9, mb=1e9;
for(let i=0;i<N;i++){ let t=performance.now(); if(!process.env.ONLYB) await sf.run(ff); mf=Math.min(mf,performance.now()-t); t=performance.now(); await sb.run(fb); mb=Math.min(mb,performance.now()-t); }
const pf0=process.resourceUsage().minorPageFault; await sb.run(fb); const pf1=process.resourceUsage().minorPageFault; console.log('faults/run',pf1-pf0);
console.log(S,pool,'fwd',mf.toFixed(1),'bwd',mb.toFixed(1),'ratio',(mb/2/mf).toFixed(3),'rss',(process.resourceUsage().maxRSS/1024).toFixed(0));
if(profile){ (sf as any).endProfiling?.(); (sb as any).endProfiling?.(); }
